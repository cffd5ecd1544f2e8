using ILGPU;
using ILGPU.Runtime;
using PimSim.Traces.Cuda.Kernels;
using PimSim.Traces.Cuda.Memory;
using PimSim.Traces.Engine.Models;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;
using static PimSim.Traces.Engine.Backends.BackendContract;

namespace PimSim.Traces.Cuda;

/// <summary>
/// What the backends on one device share: memory for activations, the clock, and the operators that are alike in all models. Whoever calls
/// has checked the sizes against its model; that a tensor still holds its values is checked by <see cref="Check"/>.
/// </summary>
internal sealed class CudaExecution : IDisposable
{
    private MemoryBuffer1D<int, Stride1D.Dense> _numbers;
    private int[] _staging = new int[64];

    public CudaExecution(CudaDevice device)
    {
        Device = device;
        Pool = new ActivationPool(device);
        Clock = new CudaClock(device);
        Launcher = new KernelLauncher(device);
        _numbers = device.Allocate<int>(_staging.Length, "token numbers");
    }

    public CudaDevice Device { get; }

    public ActivationPool Pool { get; }

    public CudaClock Clock { get; }

    public KernelLauncher Launcher { get; }

    /// <summary>Refuses a model for which there are no kernels of attention.</summary>
    /// <exception cref="PimSimUserException">There are none.</exception>
    public static void CheckAttention(string model, DataType kvType, int headDim, CudaDevice device)
    {
        if (!KernelCatalogue.KvTypes.Contains(kvType))
        {
            throw new PimSimUserException(
                $"{model} keeps keys and values in {DataTypes.Names[(int)kvType]}; the backend cuda can keep them in {string.Join(", ", KernelCatalogue.KvTypes.Select(type => DataTypes.Names[(int)type]))}");
        }

        int bytes = sizeof(float) * device.Geometry.AttentionWarps * AttentionKernels.SharedValues(headDim, device.Geometry.Lanes);
        if (bytes > device.Geometry.SharedBytes)
        {
            throw new PimSimUserException(
                $"heads of {model} are {headDim} wide and need {bytes} bytes of shared memory, but groups of {device.Name} have {device.Geometry.SharedBytes}");
        }
    }

    /// <summary>A tensor of so many columns whose values are still there.</summary>
    public void Check(in CudaTensor tensor, int columns)
    {
        RequireColumns(DataType.Fp32, tensor, columns);
        if (!Pool.Holds(tensor))
        {
            throw new InvalidOperationException($"{tensor} is of another backend, or was computed more than one block ago and its memory is used again");
        }
    }

    /// <summary>Numbers of tokens or rows on the device, until others are asked for.</summary>
    public ArrayView<int> Upload(ReadOnlySpan<int> numbers)
    {
        ArrayView<int> view = Numbers(numbers.Length);
        view.CopyFromCPU(Device.Accelerator.DefaultStream, numbers);
        return view;
    }

    /// <summary>Room for so many numbers on the device, until others are asked for.</summary>
    public ArrayView<int> Numbers(int count)
    {
        if (count > _numbers.Length)
        {
            Device.Accelerator.Synchronize();
            MemoryBuffer1D<int, Stride1D.Dense> larger = Device.Allocate<int>(count, "token numbers");
            _numbers.Dispose();
            _numbers = larger;
        }

        return _numbers.View.BaseView.SubView(0, count);
    }

    /// <summary>Copies numbers to the host once they are computed.</summary>
    public void Download(ArrayView<int> numbers, Span<int> result) => numbers.CopyToCPU(Device.Accelerator.DefaultStream, result);

    /// <summary>The rows of a table that have these numbers.</summary>
    public CudaTensor LookUp(ReadOnlySpan<int> numbers, DeviceMatrix table)
    {
        CudaTensor result = Pool.New(numbers.Length, table.Columns);
        ArrayView<int> uploaded = Upload(numbers);
        Clock.BeforeKernels();
        Launcher.Gather(uploaded, table, result);
        Clock.AfterKernels();
        return result;
    }

    /// <summary>The rows of a table for the positions of the newest tokens of a cache.</summary>
    public CudaTensor LookUpPositions(int rows, KvCache cache, DeviceMatrix table)
    {
        if (_staging.Length < rows)
        {
            _staging = new int[rows];
        }

        int perSequence = rows / cache.Sequences;
        for (int row = 0; row < rows; row++)
        {
            _staging[row] = cache.Length - perSequence + (row % perSequence);
        }

        return LookUp(_staging.AsSpan(0, rows), table);
    }

    /// <summary>A layer normalisation, or one by the root mean square.</summary>
    public CudaTensor Norm(in CudaTensor input, NormKind kind, DeviceWeights weights, WeightKey key, double epsilon)
    {
        CudaTensor result = Pool.New(input.Rows, input.Columns);
        ArrayView<float> scale = weights.NormScale(key);
        Clock.BeforeKernels();
        if (kind == NormKind.LayerNorm)
        {
            Launcher.LayerNorm(input, scale, weights.NormShift(key)!.Value, (float)epsilon, result);
        }
        else
        {
            Launcher.RmsNorm(input, scale, (float)epsilon, result);
        }

        Clock.AfterKernels();
        return result;
    }

    /// <summary>A product, with a bias if there is one.</summary>
    public CudaTensor Linear(in CudaTensor input, DeviceMatrix matrix, ArrayView<float>? bias)
    {
        CudaTensor result = Pool.New(input.Rows, matrix.Rows);
        Clock.BeforeKernels();
        Launcher.Linear(input, matrix, bias, result);
        Clock.AfterKernels();
        return result;
    }

    /// <summary>Writes keys and values of new tokens into a layer of a cache.</summary>
    public void Append(in CudaTensor input, CudaKvCache cache, DataType kvType, int layer, AttentionShape shape)
    {
        Clock.BeforeKernels();
        if (kvType == DataType.Fp32)
        {
            Launcher.Append(input, cache.Keys<float>(layer), cache.Values<float>(layer), kvType, shape);
        }
        else
        {
            Launcher.Append(input, cache.Keys<ushort>(layer), cache.Values<ushort>(layer), kvType, shape);
        }

        Clock.AfterKernels();
    }

    /// <summary>Attention over a layer of a cache.</summary>
    public CudaTensor Attend(in CudaTensor queries, CudaKvCache cache, DataType kvType, int layer, AttentionShape shape, ArrayView<float>? bias = null)
    {
        CudaTensor result = Pool.New(queries.Rows, shape.Heads * shape.HeadDim);
        shape.ResultStride = result.Stride;
        Clock.BeforeKernels();
        if (kvType == DataType.Fp32)
        {
            Launcher.Attend(queries, cache.Keys<float>(layer), cache.Values<float>(layer), kvType, bias, cache.Sequences, shape, result, Pool);
        }
        else
        {
            Launcher.Attend(queries, cache.Keys<ushort>(layer), cache.Values<ushort>(layer), kvType, bias, cache.Sequences, shape, result, Pool);
        }

        Clock.AfterKernels();
        return result;
    }

    /// <summary>Attention of rows over their own keys and values, which are kept nowhere.</summary>
    public CudaTensor AttendOver(in CudaTensor qkv, int sequences, AttentionShape shape, ArrayView<float>? bias)
    {
        CudaTensor result = Pool.New(qkv.Rows, shape.Heads * shape.HeadDim);
        shape.ResultStride = result.Stride;
        long values = (long)qkv.Rows * shape.KvHeads * shape.HeadDim;
        ArrayView<float> keys = Pool.Take(values);
        ArrayView<float> kept = Pool.Take(values);
        Clock.BeforeKernels();
        Launcher.Append(qkv, keys, kept, DataType.Fp32, shape);
        Launcher.Attend(qkv, keys, kept, DataType.Fp32, bias, sequences, shape, result, Pool);
        Clock.AfterKernels();
        return result;
    }

    /// <summary>A nonlinearity, gated or not.</summary>
    public CudaTensor Activate(in CudaTensor input, ActivationKind kind, bool geluByTanh, int columns)
    {
        CudaTensor result = Pool.New(input.Rows, columns);
        Clock.BeforeKernels();
        Launcher.Activate(input, kind, geluByTanh, result);
        Clock.AfterKernels();
        return result;
    }

    /// <summary>A sum.</summary>
    public CudaTensor Add(in CudaTensor left, in CudaTensor right)
    {
        CudaTensor result = Pool.New(left.Rows, left.Columns);
        Clock.BeforeKernels();
        Launcher.Add(left, right, result);
        Clock.AfterKernels();
        return result;
    }

    /// <summary>The last row of each sequence: a view.</summary>
    public CudaTensor LastRows(in CudaTensor input, int sequences)
    {
        RequireSequences(input, sequences);
        Check(input, input.Columns);
        int perSequence = input.Rows / sequences;
        long first = (long)(perSequence - 1) * input.Stride;
        return new(
            Pool, input.Piece, sequences, input.Columns, checked(input.Stride * perSequence), input.Values.SubView(first, input.Values.Length - first), input.Block);
    }

    /// <summary>The column of the largest number of each row.</summary>
    public void Sample(in CudaTensor logits, Span<int> tokens)
    {
        RequireRoom(logits, tokens);
        ArrayView<int> chosen = Numbers(tokens.Length);
        Clock.BeforeKernels();
        Launcher.ArgMax(logits, chosen);
        Clock.AfterKernels();
        Download(chosen, tokens);
    }

    /// <summary>Copies values to the host, row by row, once they are computed.</summary>
    public void Read(in CudaTensor tensor, Span<float> values)
    {
        Check(tensor, tensor.Columns);
        if (values.Length != (long)tensor.Rows * tensor.Columns)
        {
            throw new ArgumentException($"{tensor} does not fill {values.Length} numbers", nameof(values));
        }

        for (int row = 0; row < tensor.Rows; row++)
        {
            tensor.Values.SubView((long)row * tensor.Stride, tensor.Columns)
                .CopyToCPU(Device.Accelerator.DefaultStream, values.Slice(row * tensor.Columns, tensor.Columns));
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Device.Accelerator.Synchronize();
        Clock.Dispose();
        _numbers.Dispose();
        Pool.Dispose();
    }
}
