using PimSim.Traces.Engine.Backends;
using PimSim.Traces.Engine.Models;
using PimSim.Traces.Engine.Recording;

namespace PimSim.Traces.Engine.Sessions;

/// <summary>A decoder-only model of a session.</summary>
internal sealed class DecoderSessionModel<TTensor>(RecordingBackend<TTensor> backend, int sequences, int capacity) : ISessionModel<TTensor>
    where TTensor : ITensor
{
    private readonly DecoderModel<Recorded<TTensor>> _model = new(backend);

    public bool HasData => backend.HasData;

    public KvCache Cache { get; } = backend.CreateCache(sequences, capacity);

    public KvCache? CrossCache => null;

    public int StartToken => throw new InvalidOperationException("a decoder-only model begins with its prompt");

    public void Encode(ReadOnlySpan<int> tokens) => throw new InvalidOperationException("no encoder");

    public Recorded<TTensor> Forward(ReadOnlySpan<int> tokens) => _model.Forward(tokens, Cache);

    public void Sample(Recorded<TTensor> logits, Span<int> tokens) => backend.Sample(logits, tokens);
}
