"""The samples page's widgets: the filters, and one sample whole."""
