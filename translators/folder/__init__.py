"""A folder of plain Envoy resources, in the forms that users of Envoy have at hand."""
