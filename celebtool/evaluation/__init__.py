"""From predictions to figures: values in, values out."""
