"""A record of processing for one customer, by GDPR article 30(2): one Markdown page to hand over, in two languages."""
