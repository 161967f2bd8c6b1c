"""Parts of IPython that notebooks import."""
