"""What engines show: executions of the evaluator, and the traces and explanations made of them."""
