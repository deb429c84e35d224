"""The registry's pages for a browser: their documents, and the static site."""
