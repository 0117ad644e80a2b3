"""Tasks that ALSO brings as examples of one's own; `also init` copies them."""
