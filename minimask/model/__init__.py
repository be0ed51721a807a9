"""The network, in torch: plain modules, in the order of the way that a picture takes through them."""
