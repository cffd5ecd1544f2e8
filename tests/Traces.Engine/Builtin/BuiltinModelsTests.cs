using System.Text.Json;
using PimSim.Traces.Engine.Builtin;
using Xunit;

namespace PimSim.Traces.Engine.Tests.Builtin;

/// <summary>The built-in models lie beside every program that uses the engine.</summary>
public class BuiltinModelsTests
{
    [Fact]
    public void Both_folders_hold_a_llama_of_bytes_with_one_vocabulary()
    {
        JsonElement[] configurations = [.. new[] { BuiltinModels.Main, BuiltinModels.Draft }
            .Select(folder => JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "config.json"))).RootElement)];
        foreach (JsonElement configuration in configurations)
        {
            Assert.Equal("llama", configuration.GetProperty("model_type").GetString());
            Assert.Equal(BuiltinModels.BeginToken, configuration.GetProperty("bos_token_id").GetInt32());
            Assert.Equal(BuiltinModels.EndToken, configuration.GetProperty("eos_token_id").GetInt32());
            Assert.Equal(configurations[0].GetProperty("vocab_size").GetInt32(), configuration.GetProperty("vocab_size").GetInt32());
            Assert.Equal(configurations[0].GetProperty("max_position_embeddings").GetInt32(), configuration.GetProperty("max_position_embeddings").GetInt32());
        }
    }

    [Fact]
    public void There_are_as_many_draft_heads_as_said()
    {
        string header = System.Text.Encoding.ASCII.GetString(File.ReadAllBytes(BuiltinModels.DraftHeads).AsSpan(8, 1024));
        for (int head = 0; head <= BuiltinModels.DraftHeadCount; head++)
        {
            Assert.Equal(head < BuiltinModels.DraftHeadCount, header.Contains($"\"heads.{head}.linear.weight\"", StringComparison.Ordinal));
        }
    }

    [Fact]
    public void All_together_they_stay_small() => Assert.InRange(
        Directory.EnumerateFiles(Path.GetDirectoryName(BuiltinModels.DraftHeads)!, "*", SearchOption.AllDirectories).Sum(file => new FileInfo(file).Length),
        1,
        5_000_000);
}
