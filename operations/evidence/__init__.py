"""`workbuoy evidence`: what shows that controls held over a period, gathered, judged and mapped to frameworks."""
