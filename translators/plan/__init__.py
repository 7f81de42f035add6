"""What must be true of the network, whichever layer makes it so."""
