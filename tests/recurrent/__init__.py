"""What recurrent layers take on a device, trained on sound that a package brings."""
