"""Who can get at whose things, and in which way: by rights, through the network, by host name, by reference.

Read from one graph that holds every stack of an account, and whatever the account itself has. Nobody and nothing is
listed by name: who asks are the roles, users, services and accounts that stand in the graph or in its policies, and
what may be asked is what AWS's service authorization reference knows for each ARN.
"""
