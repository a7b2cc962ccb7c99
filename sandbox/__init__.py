"""What happens: runs one command in isolation and tells what it did."""
