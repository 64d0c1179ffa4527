"""What the demo answers: by endpoint, a function from what was asked to the newest release's document."""
