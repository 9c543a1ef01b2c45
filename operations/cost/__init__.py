"""`workbuoy cost`: what a stack costs a month at rest, from what it declares and a dated table of list prices."""
