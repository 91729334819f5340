using Metering.Kernel.Streams.Sqlite;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Metering.Kernel.Streams;

public static class EventStreamsRegistration
{
    private const string Sqlite = "sqlite";

    /// <summary>
    /// Adds the event store that the setting <c>EventStore</c> names: <c>sqlite</c> (the default: streams.db in
    /// <c>DataFolder</c>), <c>sqlite:PATH</c> or <c>memory</c>.
    /// </summary>
    /// <exception cref="InvalidOperationException">The setting names none of them, or <c>DataFolder</c> is needed and missing.</exception>
    public static IServiceCollection AddEventStreams(this IServiceCollection services, IConfiguration configuration)
    {
        services.TryAddSingleton(TimeProvider.System);
        var setting = configuration["EventStore"] ?? Sqlite;
        if (setting == "memory")
            return services.AddSingleton<IEventStreams>(provider => new MemoryStreams(provider.GetRequiredService<TimeProvider>()));
        var settings = new SqliteStreamsSettings(SqlitePath(setting, configuration["DataFolder"]));
        return services.AddSingleton<IEventStreams>(provider => Open(settings, provider.GetRequiredService<TimeProvider>()));
    }

    // the file system and SQLite do not say which file, nor which setting led to it
    private static SqliteStreams Open(SqliteStreamsSettings settings, TimeProvider clock)
    {
        try
        {
            return new SqliteStreams(settings, clock);
        }
        catch (Exception cannot) when (cannot is IOException or UnauthorizedAccessException or SqliteException)
        {
            throw new IOException($"the event store {settings.Path} (DataFolder, EventStore) cannot be opened: {cannot.Message}", cannot);
        }
    }

    private static string SqlitePath(string setting, string? dataFolder) => setting switch
    {
        Sqlite when !string.IsNullOrWhiteSpace(dataFolder) => Path.Combine(dataFolder, "streams.db"),
        Sqlite => throw new InvalidOperationException("EventStore is 'sqlite', so DataFolder must name the folder of its file"),
        _ when setting.StartsWith("sqlite:", StringComparison.Ordinal) && setting.Length > "sqlite:".Length => setting["sqlite:".Length..],
        _ => throw new InvalidOperationException($"EventStore is '{setting}'; expected memory, sqlite or sqlite:PATH"),
    };
}
