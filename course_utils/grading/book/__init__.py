"""What is kept of graded submissions: gradebook, records, what people gave, lateness."""
