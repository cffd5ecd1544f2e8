using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace PimSim.Devices.Dram.Controller;

/// <summary>What the controller knows of a bank, together so that one look fetches all of it.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct BankState
{
    /// <summary>The open row, or <see cref="Closed"/>.</summary>
    public int OpenRow;

    /// <summary>The request that the row must stay open for, or none.</summary>
    public int Opener;

    /// <summary>Column commands since the activation.</summary>
    public int Hits;

    /// <summary>Requests listed for the bank.</summary>
    public int Waiting;

    /// <summary>The request of the candidate for a read, a write, an activation or precharge; or none.</summary>
    public int Read;
    public int Write;
    public int Row;

    /// <summary>Where requests for the open row are counted.</summary>
    public int OpenRowHash;

    /// <summary>The bank's rank and bank group, over all pseudo-channels.</summary>
    public int Rank;
    public int Group;

    /// <summary>A refresh in progress needs the bank.</summary>
    public bool IsHeld;

    /// <summary>Cycle of the last activation or column command.</summary>
    public long LastAccess;

    /// <summary>No row is open.</summary>
    public const int Closed = -1;

    /// <summary>The request of the candidate for a kind of command.</summary>
    [UnscopedRef]
    public ref int Slot(Wait wait) => ref Unsafe.Add(ref Read, Math.Min((int)wait, (int)Wait.Activate));
}
