"""What is measured: each runner does one kind of work for some seconds a round."""
