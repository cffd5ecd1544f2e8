using PimSim.Traces.Engine.Backends;
using PimSim.Traces.Engine.Models;
using PimSim.Traces.Engine.Recording;

namespace PimSim.Traces.Engine.Sessions;

/// <summary>An encoder-decoder of a session.</summary>
internal sealed class EncoderDecoderSessionModel<TTensor>(EncoderDecoderRecordingBackend<TTensor> backend, int sequences, int inputCapacity, int capacity) : ISessionModel<TTensor>
    where TTensor : ITensor
{
    private readonly EncoderDecoderModel<Recorded<TTensor>> _model = new(backend);
    private readonly KvCache _cross = backend.CreateCrossCache(sequences, inputCapacity);

    public bool HasData => backend.HasData;

    public KvCache Cache { get; } = backend.CreateCache(sequences, capacity);

    public KvCache? CrossCache => _cross;

    public int StartToken => backend.StartToken;

    public void Encode(ReadOnlySpan<int> tokens) => _model.Encode(tokens, _cross);

    public Recorded<TTensor> Forward(ReadOnlySpan<int> tokens) => _model.Forward(tokens, Cache, _cross);

    public void Sample(Recorded<TTensor> logits, Span<int> tokens) => backend.Sample(logits, tokens);
}
