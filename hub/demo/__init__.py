"""One day of a small company: real and stateful systems on loopback, and the hub between them."""
