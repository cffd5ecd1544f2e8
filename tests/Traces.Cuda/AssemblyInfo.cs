using Xunit.Sdk;
using Xunit.v3;

// A device runs one thing at a time, and an emulated one uses more threads than the machine has.
[assembly: Parallelization(Mode = ParallelMode.None)]
