"""What runs the labs' open experiments, a module for each: the student's plan comes in, a number comes out."""
