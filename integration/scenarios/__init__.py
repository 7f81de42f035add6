"""What is claimed of the product, each claim once: it is tried on any bed that stands."""
