"""One file a feature; each declares the tables that it writes and yields flows for a site."""
