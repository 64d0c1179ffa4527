"""Well-known failures: a table of what they mean and what to do first, and the code that recognises them."""
