"""What is run on the checkout itself."""
