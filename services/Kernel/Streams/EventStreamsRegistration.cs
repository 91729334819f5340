using Metering.Kernel.Streams.EventStoreDB;
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
    /// <c>DataFolder</c>), <c>sqlite:PATH</c>, <c>memory</c>, or the connection string of an EventStoreDB (<c>esdb://…</c>) or KurrentDB
    /// (<c>kurrentdb://…</c>), which need not be there yet.
    /// </summary>
    /// <exception cref="InvalidOperationException">The setting names none of them or cannot be read, or <c>DataFolder</c> is needed and missing.</exception>
    public static IServiceCollection AddEventStreams(this IServiceCollection services, IConfiguration configuration)
    {
        services.TryAddSingleton(TimeProvider.System);
        var setting = configuration["EventStore"] ?? Sqlite;
        if (setting == "memory")
            return services.AddSingleton<IEventStreams>(provider => new MemoryStreams(provider.GetRequiredService<TimeProvider>()));
        if (EventStoreSettings.Names(setting)) return services.AddEventStore(Parse(setting));
        var settings = new SqliteStreamsSettings(SqlitePath(setting, configuration["DataFolder"]));
        return services.AddSingleton<IEventStreams>(provider => Open(settings, provider.GetRequiredService<TimeProvider>()));
    }

    private static IServiceCollection AddEventStore(this IServiceCollection services, EventStoreSettings settings) =>
        services.AddSingleton<IEventStreams>(provider => new EventStoreStreams(settings, provider.GetRequiredService<TimeProvider>()));

    // the setting holds a password, so it is not repeated
    private static EventStoreSettings Parse(string setting)
    {
        try
        {
            return EventStoreSettings.Parse(setting);
        }
        catch (FormatException unreadable)
        {
            throw new InvalidOperationException(
                $"EventStore is not a connection string that can be read: {unreadable.Message}; expected esdb://user:password@host:port or the like",
                unreadable);
        }
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
        _ => throw new InvalidOperationException($"EventStore is '{setting}'; expected memory, sqlite, sqlite:PATH, esdb://… or kurrentdb://…"),
    };
}
