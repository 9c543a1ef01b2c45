"""The rehearsal: the unchanged Pulumi program under Pulumi's mocks, every resource made in moto and read back."""
