"""What is known of the things of a cluster, for whoever asks: from answers to frozen values."""
