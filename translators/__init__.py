"""Everything that thinks: policy to plan to device configuration, without I/O or clock."""
