using System.Buffers.Binary;
using System.Collections.Frozen;
using PimSim.Traces.Format.Documents;

namespace PimSim.Traces.Engine.Weights;

/// <summary>
/// A safetensors file, mapped into memory: 8 bytes with the length of the header (little endian), a JSON header that names type, shape and
/// place of every tensor, the data. Nothing in it is executed. Checked as a whole when it is opened: the tensors cover the data exactly,
/// without overlap or gap. Thread-safe for reading.
/// </summary>
public sealed class SafetensorsFile : IDisposable
{
    // The format's own limit (the reference reader refuses more), which keeps a damaged length from asking for all memory.
    internal const long MaxHeaderBytes = 100_000_000;

    private readonly MappedWeightFile _memory;

    private SafetensorsFile(string path, MappedWeightFile memory)
    {
        Path = path;
        _memory = memory;
        Tensors = ReadTensors();
    }

    /// <summary>The file as the user named it.</summary>
    public string Path { get; }

    /// <summary>The tensors by name.</summary>
    public FrozenDictionary<string, SafetensorsTensor> Tensors { get; }

    /// <summary>The bytes of the file; offsets of tensors count from its beginning.</summary>
    public IWeightMemory Memory => _memory;

    /// <summary>Opens a file and checks its header.</summary>
    /// <exception cref="PimSimUserException">The file cannot be read, or is not a whole, valid safetensors file.</exception>
    public static SafetensorsFile Open(string path)
    {
        if (!BitConverter.IsLittleEndian)
        {
            throw new PimSimUserException("weights can be read on little-endian machines only");
        }

        MappedWeightFile memory = MappedWeightFile.Open(path);
        try
        {
            SafetensorsFile file = new(path, memory);
            memory = null!;
            return file;
        }
        finally
        {
            memory?.Dispose();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _memory.Dispose();

    private FrozenDictionary<string, SafetensorsTensor> ReadTensors()
    {
        if (_memory.Length < 8)
        {
            throw new PimSimUserException($"{Path}: {_memory.Length} bytes are no safetensors file, which begins with 8 bytes that hold the length of its header");
        }

        ulong headerBytes = BinaryPrimitives.ReadUInt64LittleEndian(_memory.Bytes(0, 8));
        if (headerBytes > MaxHeaderBytes)
        {
            throw new PimSimUserException($"{Path}: no safetensors file: its first 8 bytes ask for a header of {headerBytes} bytes; at most {MaxHeaderBytes} are allowed");
        }

        if ((long)headerBytes > _memory.Length - 8)
        {
            throw new PimSimUserException($"{Path}: truncated: the header should have {headerBytes} bytes, but only {_memory.Length - 8} follow");
        }

        SafetensorsHeader header = new(this, 8 + (long)headerBytes, _memory.Length);
        return header.Read(_memory.Bytes(8, (int)headerBytes)).ToFrozenDictionary(tensor => tensor.Name);
    }
}
