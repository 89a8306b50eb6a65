"""The phases of a closing, a file each: what is done, how it goes on after a stop, and what keeps it from ending."""
