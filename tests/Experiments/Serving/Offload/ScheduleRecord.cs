using PimSim.Experiments.Serving.Offload;

namespace PimSim.Experiments.Tests.Serving.Offload;

/// <summary>Keeps every use of a resource.</summary>
internal readonly struct ScheduleRecord() : IScheduleSink
{
    public List<ScheduledSlice> Slices { get; } = [];

    public void Add(in ScheduledSlice slice) => Slices.Add(slice);
}
