"""One chip a file: what it says and hears, without the wires that it hangs on."""
