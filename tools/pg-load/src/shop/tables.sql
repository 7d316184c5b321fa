-- A web shop and its deliveries. Keys, indexes and foreign keys come once the rows are there: keys.sql, foreign.sql.
-- Money is in cents. What is partitioned is so by the month of its second column; ids ascend with time.

CREATE SCHEMA IF NOT EXISTS shop;

CREATE TYPE shop.order_status AS ENUM ('placed', 'paid', 'shipped', 'delivered', 'cancelled', 'returned');
CREATE TYPE shop.sales_channel AS ENUM ('web', 'app', 'phone', 'partner');
CREATE TYPE shop.payment_method AS ENUM ('card', 'paypal', 'transfer', 'invoice', 'voucher');
CREATE TYPE shop.payment_status AS ENUM ('authorised', 'captured', 'refunded', 'failed');
CREATE TYPE shop.delivery_status AS ENUM ('planned', 'on_tour', 'delivered', 'missed', 'cancelled');
CREATE TYPE shop.vehicle AS ENUM ('van', 'bicycle', 'truck', 'electric');
CREATE TYPE shop.event_kind AS ENUM ('view', 'search', 'add_to_cart', 'checkout', 'login');

CREATE SEQUENCE shop.customer_ids;
CREATE SEQUENCE shop.address_ids;
CREATE SEQUENCE shop.order_ids;
CREATE SEQUENCE shop.review_ids;
CREATE SEQUENCE shop.event_ids;

CREATE TABLE shop.categories (
    id integer NOT NULL,
    parent_id integer,
    name text NOT NULL,
    slug text NOT NULL,
    depth smallint NOT NULL CHECK (depth BETWEEN 0 AND 2)
);

CREATE TABLE shop.suppliers (
    id integer NOT NULL,
    name text NOT NULL,
    country text NOT NULL CHECK (length(country) = 2),
    email text NOT NULL,
    phone text NOT NULL,
    rating smallint NOT NULL CHECK (rating BETWEEN 0 AND 100),
    terms jsonb NOT NULL
);

CREATE TABLE shop.hubs (
    id integer NOT NULL,
    code text NOT NULL,
    city text NOT NULL,
    country text NOT NULL CHECK (length(country) = 2),
    latitude_e6 integer NOT NULL CHECK (latitude_e6 BETWEEN -90000000 AND 90000000),
    longitude_e6 integer NOT NULL CHECK (longitude_e6 BETWEEN -180000000 AND 180000000),
    docks smallint NOT NULL CHECK (docks > 0),
    opening jsonb NOT NULL
);

CREATE TABLE shop.couriers (
    id integer NOT NULL,
    hub_id integer NOT NULL,
    name text NOT NULL,
    phone text NOT NULL,
    vehicle shop.vehicle NOT NULL,
    hired_on date NOT NULL
);

CREATE TABLE shop.customers (
    id bigint NOT NULL DEFAULT nextval('shop.customer_ids'),
    email text NOT NULL,
    given_name text NOT NULL,
    family_name text NOT NULL,
    full_name text NOT NULL GENERATED ALWAYS AS (given_name || ' ' || family_name) STORED,
    locale text NOT NULL,
    phone text NOT NULL,
    born_on date NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    marketing boolean NOT NULL DEFAULT false,
    preferences jsonb NOT NULL DEFAULT '{}'
);

CREATE TABLE shop.addresses (
    id bigint NOT NULL DEFAULT nextval('shop.address_ids'),
    customer_id bigint NOT NULL,
    street text NOT NULL,
    postcode text NOT NULL,
    city text NOT NULL,
    country text NOT NULL CHECK (length(country) = 2),
    is_default boolean NOT NULL
);

CREATE TABLE shop.products (
    id bigint NOT NULL,
    sku text NOT NULL,
    category_id integer NOT NULL,
    supplier_id integer NOT NULL,
    name text NOT NULL,
    description text NOT NULL,
    price_cents integer NOT NULL CHECK (price_cents > 0),
    vat_percent smallint NOT NULL CHECK (vat_percent BETWEEN 0 AND 30),
    gross_cents integer NOT NULL GENERATED ALWAYS AS (price_cents + price_cents * vat_percent / 100) STORED,
    weight_g integer NOT NULL CHECK (weight_g > 0),
    attributes jsonb NOT NULL,
    listed_at timestamptz NOT NULL,
    retired boolean NOT NULL
);

CREATE TABLE shop.inventory (
    product_id bigint NOT NULL,
    hub_id integer NOT NULL,
    quantity integer NOT NULL CHECK (quantity >= 0),
    reserved integer NOT NULL CHECK (reserved >= 0),
    available integer NOT NULL GENERATED ALWAYS AS (quantity - reserved) STORED,
    restocked_at timestamptz NOT NULL
);

CREATE TABLE shop.orders (
    id bigint NOT NULL DEFAULT nextval('shop.order_ids'),
    placed_at timestamptz NOT NULL DEFAULT now(),
    customer_id bigint NOT NULL,
    address_id bigint NOT NULL,
    status shop.order_status NOT NULL,
    channel shop.sales_channel NOT NULL,
    items smallint NOT NULL CHECK (items > 0),
    net_cents bigint NOT NULL CHECK (net_cents >= 0),
    shipping_cents integer NOT NULL CHECK (shipping_cents >= 0),
    total_cents bigint NOT NULL GENERATED ALWAYS AS (net_cents + shipping_cents) STORED,
    metadata jsonb NOT NULL DEFAULT '{}'
) PARTITION BY RANGE (placed_at);

CREATE TABLE shop.order_items (
    order_id bigint NOT NULL,
    placed_at timestamptz NOT NULL,
    line smallint NOT NULL CHECK (line > 0),
    product_id bigint NOT NULL,
    quantity smallint NOT NULL CHECK (quantity > 0),
    unit_cents integer NOT NULL CHECK (unit_cents > 0),
    discount_percent smallint NOT NULL CHECK (discount_percent BETWEEN 0 AND 90),
    total_cents bigint NOT NULL
        GENERATED ALWAYS AS (quantity::bigint * unit_cents * (100 - discount_percent) / 100) STORED
) PARTITION BY RANGE (placed_at);

CREATE TABLE shop.payments (
    order_id bigint NOT NULL,
    placed_at timestamptz NOT NULL,
    method shop.payment_method NOT NULL,
    status shop.payment_status NOT NULL,
    amount_cents bigint NOT NULL CHECK (amount_cents >= 0),
    authorised_at timestamptz NOT NULL DEFAULT now(),
    details jsonb NOT NULL DEFAULT '{}'
) PARTITION BY RANGE (placed_at);

CREATE TABLE shop.tours (
    id bigint NOT NULL,
    hub_id integer NOT NULL,
    courier_id integer NOT NULL,
    day date NOT NULL,
    starts_at timestamptz NOT NULL,
    distance_m integer NOT NULL CHECK (distance_m > 0),
    route jsonb NOT NULL
);

CREATE TABLE shop.deliveries (
    order_id bigint NOT NULL,
    placed_at timestamptz NOT NULL,
    tour_id bigint NOT NULL,
    status shop.delivery_status NOT NULL,
    promised_at timestamptz NOT NULL,
    delivered_at timestamptz,
    late_minutes integer
        GENERATED ALWAYS AS ((extract(epoch FROM delivered_at - promised_at) / 60)::integer) STORED,
    attempts smallint NOT NULL CHECK (attempts >= 0)
) PARTITION BY RANGE (placed_at);

CREATE TABLE shop.reviews (
    id bigint NOT NULL DEFAULT nextval('shop.review_ids'),
    product_id bigint NOT NULL,
    customer_id bigint NOT NULL,
    stars smallint NOT NULL CHECK (stars BETWEEN 1 AND 5),
    language text NOT NULL,
    title text NOT NULL,
    body text NOT NULL,
    helpful integer NOT NULL DEFAULT 0 CHECK (helpful >= 0),
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE shop.events (
    id bigint NOT NULL DEFAULT nextval('shop.event_ids'),
    at timestamptz NOT NULL DEFAULT now(),
    customer_id bigint,
    product_id bigint,
    kind shop.event_kind NOT NULL,
    session uuid NOT NULL,
    payload jsonb NOT NULL DEFAULT '{}'
) PARTITION BY RANGE (at);

-- A partition per month of the year that is seeded, and one for the rest: what a benchmark adds is of today.
DO $$
DECLARE
    name text;
    month date;
BEGIN
    FOREACH name IN ARRAY ARRAY['orders', 'order_items', 'payments', 'deliveries', 'events'] LOOP
        FOR month IN SELECT generate_series(date '2025-01-01', date '2025-12-01', interval '1 month') LOOP
            EXECUTE format(
                'CREATE TABLE shop.%I PARTITION OF shop.%I FOR VALUES FROM (%L) TO (%L)',
                name || '_' || to_char(month, 'YYYY_MM'), name,
                month::timestamp AT TIME ZONE 'UTC', (month + interval '1 month') AT TIME ZONE 'UTC');
        END LOOP;
        EXECUTE format('CREATE TABLE shop.%I PARTITION OF shop.%I DEFAULT', name || '_rest', name);
    END LOOP;
END
$$;

-- Nobody asks for these by their value, and to sort JSON and long texts would be most of what ANALYZE does.
ALTER TABLE shop.suppliers ALTER COLUMN terms SET STATISTICS 0;
ALTER TABLE shop.hubs ALTER COLUMN opening SET STATISTICS 0;
ALTER TABLE shop.customers ALTER COLUMN preferences SET STATISTICS 0;
ALTER TABLE shop.products ALTER COLUMN description SET STATISTICS 0;
ALTER TABLE shop.orders ALTER COLUMN metadata SET STATISTICS 0;
ALTER TABLE shop.payments ALTER COLUMN details SET STATISTICS 0;
ALTER TABLE shop.tours ALTER COLUMN route SET STATISTICS 0;
ALTER TABLE shop.reviews ALTER COLUMN body SET STATISTICS 0;
ALTER TABLE shop.events ALTER COLUMN session SET STATISTICS 0, ALTER COLUMN payload SET STATISTICS 0;
