"""Tables, pictures and pages made from values; matplotlib is loaded by `celebtool.drawing.canvas` alone."""
