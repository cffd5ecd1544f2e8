using System.Collections.Immutable;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Requests;

namespace PimSim.Workloads.Requests;

/// <summary>
/// Every request begins with one of a few shared system prompts, any of them as likely, before its own tokens. Its blocks are named; those of
/// the request's own tokens, which nobody shares, are not, nor is the last block of a system prompt if it is not full.
/// </summary>
public sealed class PrefixSharing
{
    private const ulong Stream = 6;

    private readonly ImmutableArray<long>[] _blocks;
    private readonly int _tokens;

    /// <summary>Makes system prompts.</summary>
    /// <param name="prompts">How many there are.</param>
    /// <param name="tokens">Tokens of each.</param>
    /// <param name="blockTokens">Tokens of a block.</param>
    /// <exception cref="PimSimUserException">A number is out of range, or a prompt does not fill a block.</exception>
    public PrefixSharing(int prompts, int tokens, int blockTokens)
    {
        if (prompts < 1 || blockTokens < 1 || tokens < blockTokens)
        {
            throw new PimSimUserException($"{prompts} shared prompts of {tokens} tokens in blocks of {blockTokens}; 1 or more prompts of one block or more are needed");
        }

        int each = tokens / blockTokens;
        if ((long)prompts * each > MostBlocks)
        {
            throw new PimSimUserException($"{prompts} shared prompts of {each} blocks are {(long)prompts * each}; {MostBlocks} are the most");
        }

        _tokens = tokens;
        _blocks = new ImmutableArray<long>[prompts];
        for (int prompt = 0; prompt < prompts; prompt++)
        {
            long first = (long)prompt * each;
            _blocks[prompt] = [.. Enumerable.Range(0, each).Select(block => first + block)];
        }
    }

    private static long MostBlocks => 1 << 24;

    /// <summary>Puts a system prompt before a request.</summary>
    /// <exception cref="PimSimUserException">It names blocks already, or gets 2^31 tokens.</exception>
    internal Request Apply(in Request request, ulong seed, ulong index)
    {
        if (!request.PrefixBlocks.IsEmpty)
        {
            throw new PimSimUserException($"request {index + 1} names the blocks of its prompt already; recorded prefixes and shared prompts exclude each other");
        }

        long input = (long)request.InputTokens + _tokens;
        return input <= int.MaxValue
            ? request with { InputTokens = (int)input, PrefixBlocks = _blocks[new CounterRandom(seed, Stream, index).Below(_blocks.Length)] }
            : throw new PimSimUserException($"request {index + 1} has {input} prompt tokens with the shared ones; {int.MaxValue} are the most");
    }
}
