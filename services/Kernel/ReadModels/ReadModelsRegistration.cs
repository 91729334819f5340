using Microsoft.Extensions.Configuration;

namespace Metering.Kernel.ReadModels;

public static class ReadModelsRegistration
{
    /// <summary>A read model on what the setting <c>ReadModels</c> names: <c>memory</c> (the default).</summary>
    /// <exception cref="InvalidOperationException">The setting names something else.</exception>
    public static IReadModel Open(IConfiguration configuration, ReadModelSchema schema) => (configuration["ReadModels"] ?? "memory") switch
    {
        "memory" => new MemoryReadModel(schema),
        var other => throw new InvalidOperationException($"ReadModels is '{other}'; expected memory"),
    };
}
