"""What is wrong, and telling somebody."""
