"""The registry in the browser: the documents that its pages show, and the static site that they make."""
