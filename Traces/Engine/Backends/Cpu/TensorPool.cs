using PimSim.Traces.Format.Documents;

namespace PimSim.Traces.Engine.Backends.Cpu;

/// <summary>An array that holds one tensor after another; the generation tells them apart.</summary>
internal sealed class TensorStorage(int capacity)
{
    public float[] Values { get; } = GC.AllocateUninitializedArray<float>(capacity);

    public int Generation { get; set; }
}

/// <summary>
/// Storage of tensors. What one block made is free for the block after the next, all but its newest tensor earlier still, when the
/// next block begins: in the steady state nothing is allocated.
/// </summary>
internal sealed class TensorPool
{
    private readonly List<TensorStorage> _free = [];
    private readonly List<TensorStorage> _ofBlock = [];
    private TensorStorage? _kept;

    /// <summary>A tensor with arbitrary values.</summary>
    /// <exception cref="PimSimUserException">It would be larger than an array can be.</exception>
    public CpuTensor Rent(int rows, int columns)
    {
        long size = (long)rows * columns;
        if (size > Array.MaxLength)
        {
            throw new PimSimUserException($"{rows} tokens of {columns} values each are too many for one step; process them in several steps");
        }

        int best = -1;
        for (int index = 0; index < _free.Count; index++)
        {
            int capacity = _free[index].Values.Length;
            if (capacity >= size && (best < 0 || capacity < _free[best].Values.Length))
            {
                best = index;
            }
        }

        TensorStorage storage;
        if (best < 0)
        {
            storage = new TensorStorage((int)size);
        }
        else
        {
            storage = _free[best];
            _free[best] = _free[^1];
            _free.RemoveAt(_free.Count - 1);
        }

        _ofBlock.Add(storage);
        return new CpuTensor(storage, rows, columns);
    }

    /// <summary>Ends the life of all tensors but the newest one.</summary>
    public void BeginBlock()
    {
        if (_ofBlock.Count == 0)
        {
            return;
        }

        if (_kept is not null)
        {
            Free(_kept);
        }

        for (int index = 0; index < _ofBlock.Count - 1; index++)
        {
            Free(_ofBlock[index]);
        }

        _kept = _ofBlock[^1];
        _ofBlock.Clear();
    }

    /// <summary>Makes a tensor that was written over the newest one of the block.</summary>
    public void Renew(TensorStorage storage)
    {
        if (ReferenceEquals(storage, _kept))
        {
            _kept = null;
        }

        _ofBlock.Remove(storage);
        _ofBlock.Add(storage);
    }

    private void Free(TensorStorage storage)
    {
        storage.Generation++;
        _free.Add(storage);
    }
}
