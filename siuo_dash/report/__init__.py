"""What is shown: colours, charts, exports and the parts that pages are made of."""
