"""One plain function per verb: arguments in, a result value out; only the edge prints or exits."""
