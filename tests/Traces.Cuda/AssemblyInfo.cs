using Xunit;

// A device runs one thing at a time, and an emulated one uses more threads than the machine has.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
