using Metering.Kernel.ReadModels.Postgres;
using Microsoft.Extensions.Configuration;
using Npgsql;

namespace Metering.Kernel.ReadModels;

public static class ReadModelsRegistration
{
    private const string Expected = "memory or a PostgreSQL connection string: Host=…;Database=…;Username=…";

    /// <summary>
    /// A read model on what the setting <c>ReadModels</c> names: <c>memory</c> (the default), or a PostgreSQL database, to which nothing
    /// connects yet.
    /// </summary>
    /// <exception cref="InvalidOperationException">The setting names something else.</exception>
    public static IGenerations Open(IConfiguration configuration, ReadModelSchema schema) => (configuration["ReadModels"] ?? "memory") switch
    {
        "memory" => new MemoryGenerations(schema),
        var text when text.Contains('=') => new MartenGenerations(Connection(text), schema),
        var other => throw new InvalidOperationException($"ReadModels is '{other}'; expected {Expected}"),
    };

    // not repeated in the error: it may hold a password
    private static NpgsqlConnectionStringBuilder Connection(string text)
    {
        try
        {
            var connection = new NpgsqlConnectionStringBuilder(text);
            var missing = connection switch { { Host: null or "" } => "Host", { Database: null or "" } => "Database", _ => null };
            return missing is null ? connection : throw new InvalidOperationException($"ReadModels names no {missing}; expected {Expected}");
        }
        catch (Exception wrong) when (wrong is ArgumentException or FormatException or InvalidCastException)
        {
            throw new InvalidOperationException($"ReadModels is no connection string ({wrong.Message}); expected {Expected}", wrong);
        }
    }
}
