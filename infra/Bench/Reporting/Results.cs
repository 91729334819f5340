using System.Text.Json;
using System.Text.Json.Serialization;
using Metering.Bench.Scaling;

namespace Metering.Bench.Reporting;

/// <summary>All that one run measured, as it is kept in a file.</summary>
internal sealed record Results(
    Machine Machine, bool Quick, bool EventStore, IReadOnlyList<Row> Rows, IReadOnlyList<Figure> Figures, IReadOnlyList<Scaled> Scaling,
    IReadOnlyList<Bar> Bars)
{
    private static readonly JsonSerializerOptions Json = new()
    {
        WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        RespectRequiredConstructorParameters = true,
    };

    /// <summary>Writes them below a folder; returns the file, which is named for when they were measured.</summary>
    internal async Task<string> Save(string folder)
    {
        var name = Machine.Date.Replace(' ', '-').Replace(":", "", StringComparison.Ordinal) + (Quick ? "-quick.json" : ".json");
        var file = Path.Combine(folder, name);
        await File.WriteAllTextAsync(file, JsonSerializer.Serialize(this, Json));
        return file;
    }

    /// <exception cref="InvalidDataException">It is no file of <see cref="Save"/>.</exception>
    internal static Results Read(FileInfo file)
    {
        try
        {
            return JsonSerializer.Deserialize<Results>(File.ReadAllText(file.FullName), Json) ?? throw new JsonException("it is null");
        }
        catch (JsonException unreadable)
        {
            throw new InvalidDataException($"{file} holds no results: {unreadable.Message}", unreadable);
        }
    }
}
