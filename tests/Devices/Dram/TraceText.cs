using System.Globalization;
using System.IO.Compression;
using System.Text;
using CsCheck;
using PimSim.Devices.Dram;
using PimSim.Devices.Dram.Mapping;
using PimSim.Devices.Dram.Requests;

namespace PimSim.Devices.Tests.Dram;

/// <summary>Requests written in each format, and read back through buffers of any size.</summary>
internal static class TraceText
{
    public static readonly RequestFormat[] Formats = Enum.GetValues<RequestFormat>();

    /// <summary>Two channels of two pseudo-channels and two ranks.</summary>
    public static readonly AddressMapping Mapping = AddressMapping.Parse("RoBaRaCoCh", new DramOrganization(2, 2, 4, 2, 1000, 32, 32, 1), 2);

    /// <summary>Requests that every format can carry: some have no arrivals.</summary>
    public static Gen<DramRequest[]> Requests(RequestFormat format) => Gen.Select(Gen.Long[0, Mapping.Bytes - 1], Gen.Bool, Gen.OneOf(Gen.Const(0L), Gen.Long[0, 5], Gen.Long[0, 100_000_000_000])).Array[1, 60].Select(steps =>
    {
        DramRequest[] requests = new DramRequest[steps.Length];
        long arrival = 0;
        for (int i = 0; i < steps.Length; i++)
        {
            (long address, bool isWrite, long gap) = steps[i];
            arrival += format is RequestFormat.DramSim3 or RequestFormat.Coordinates ? gap : 0;
            DramLocation place = Mapping.Map(address);
            requests[i] = new DramRequest(i, arrival, place.Channel, place.Bank, place.Row, place.Column, isWrite);
        }

        return requests;
    });

    /// <summary>The line of a request, in one of the spellings that the format has for it.</summary>
    public static string Line(RequestFormat format, in DramRequest request, int spelling, bool withChannel = true)
    {
        DramOrganization organization = Mapping.Organization;
        long address = Mapping.AddressOf(new DramLocation(request.Channel, request.Bank, request.Row, request.Column)) + (spelling % organization.AccessBytes);
        (int rank, int group, int bank) = (organization.RankOf(request.Bank), organization.BankGroupOf(request.Bank), organization.BankInGroupOf(request.Bank));
        string hex = address.ToString((spelling & 1) == 0 ? "x" : "X8", CultureInfo.InvariantCulture);
        string blank = (spelling & 2) == 0 ? " " : " \t ";
        string dramSim3 = (spelling & 4) == 0 ? request.IsWrite ? "WRITE" : "READ" : (spelling & 8) == 0 ? request.IsWrite ? "write" : "read" : request.IsWrite ? "P_MEM_WR" : "P_MEM_RD";
        string line = format switch
        {
            RequestFormat.DramSim3 => $"{((spelling & 16) == 0 ? "0x" : "")}{hex}{blank}{dramSim3}{blank}{request.ArrivalCycle}",
            RequestFormat.RamulatorLoadStore => $"{(request.IsWrite ? "ST" : "LD")}{blank}{((spelling & 16) == 0 ? $"0x{hex}" : $"{address}")}",
            RequestFormat.RamulatorReadWrite => $"{(request.IsWrite ? "W" : "R")}{blank}{request.Channel},{rank / 2},{rank % 2},{group},{bank},{request.Row},{request.Column}",
            _ => $"{request.Id},{request.ArrivalCycle},{(request.IsWrite ? "W" : "R")},{(withChannel ? $"{request.Channel}," : "")}{rank},{group},{bank},{request.Row},{request.Column}",
        };
        return ((spelling & 32) == 0 ? "" : "  ") + line + ((spelling & 64) == 0 ? "" : " \t") + ((spelling & 128) == 0 ? "" : "\r");
    }

    public static string Header(RequestFormat format) => format == RequestFormat.Coordinates ? "id,arrival,op,channel,rank,bankgroup,bank,row,col\n" : "";

    /// <summary>Reads all requests of a text.</summary>
    public static DramRequest[] Read(string text, int bufferBytes = 4096, int batch = 64, RequestFormat? format = null, bool gzip = false, AddressMapping? mapping = null) =>
        Read(gzip ? Gzip(text) : Encoding.UTF8.GetBytes(text), bufferBytes, batch, format, mapping);

    public static DramRequest[] Read(byte[] bytes, int bufferBytes = 4096, int batch = 64, RequestFormat? format = null, AddressMapping? mapping = null)
    {
        using IRequestSource source = RequestFile.Open(new MemoryStream(bytes), "t", mapping ?? Mapping, format, bufferBytes);
        return ReadAll(source, batch);
    }

    public static DramRequest[] ReadAll(IRequestSource source, int batch = 64)
    {
        List<DramRequest> requests = [];
        DramRequest[] some = new DramRequest[batch];
        for (int count = source.Read(some); count > 0; count = source.Read(some))
        {
            requests.AddRange(some.AsSpan(0, count));
        }

        return [.. requests];
    }

    public static byte[] Gzip(string text)
    {
        using MemoryStream packed = new();
        using (GZipStream gzip = new(packed, CompressionLevel.Fastest))
        {
            gzip.Write(Encoding.UTF8.GetBytes(text));
        }

        return packed.ToArray();
    }
}
