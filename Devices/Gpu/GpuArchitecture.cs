namespace PimSim.Devices.Gpu;

/// <summary>Generations of silicon; kernels are written for one, and others run the nearest.</summary>
public enum GpuArchitecture
{
    /// <summary>NVIDIA Volta.</summary>
    Volta,

    /// <summary>NVIDIA Turing.</summary>
    Turing,

    /// <summary>NVIDIA Ampere.</summary>
    Ampere,

    /// <summary>NVIDIA Ada Lovelace.</summary>
    Ada,

    /// <summary>NVIDIA Hopper.</summary>
    Hopper,

    /// <summary>NVIDIA Blackwell.</summary>
    Blackwell,

    /// <summary>AMD CDNA 2.</summary>
    Cdna2,

    /// <summary>AMD CDNA 3.</summary>
    Cdna3,

    /// <summary>Google TPU.</summary>
    Tpu,
}
