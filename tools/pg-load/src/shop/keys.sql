-- Keys and indexes, made when the rows are there: first for each partition, many at once, then for the table as a whole,
-- which takes those over. {table} is the table or partition.

-- on categories
ALTER TABLE shop.{table} ADD CONSTRAINT {table}_pkey PRIMARY KEY (id);
ALTER TABLE shop.{table} ADD CONSTRAINT {table}_slug_key UNIQUE (slug);

-- on suppliers
ALTER TABLE shop.{table} ADD CONSTRAINT {table}_pkey PRIMARY KEY (id);

-- on hubs
ALTER TABLE shop.{table} ADD CONSTRAINT {table}_pkey PRIMARY KEY (id);
ALTER TABLE shop.{table} ADD CONSTRAINT {table}_code_key UNIQUE (code);

-- on couriers
ALTER TABLE shop.{table} ADD CONSTRAINT {table}_pkey PRIMARY KEY (id);

-- on customers
ALTER TABLE shop.{table} ADD CONSTRAINT {table}_pkey PRIMARY KEY (id);
ALTER TABLE shop.{table} ADD CONSTRAINT {table}_email_key UNIQUE (email);

-- on addresses
ALTER TABLE shop.{table} ADD CONSTRAINT {table}_pkey PRIMARY KEY (id);
CREATE INDEX {table}_customer ON shop.{table} (customer_id);

-- on products
ALTER TABLE shop.{table} ADD CONSTRAINT {table}_pkey PRIMARY KEY (id);
ALTER TABLE shop.{table} ADD CONSTRAINT {table}_sku_key UNIQUE (sku);
CREATE INDEX {table}_category ON shop.{table} (category_id) WHERE NOT retired;
CREATE INDEX {table}_attributes ON shop.{table} USING gin (attributes jsonb_path_ops);

-- on inventory
ALTER TABLE shop.{table} ADD CONSTRAINT {table}_pkey PRIMARY KEY (product_id, hub_id);

-- on orders
ALTER TABLE shop.{table} ADD CONSTRAINT {table}_pkey PRIMARY KEY (id, placed_at);
CREATE INDEX {table}_customer ON shop.{table} (customer_id, placed_at);

-- on order_items
ALTER TABLE shop.{table} ADD CONSTRAINT {table}_pkey PRIMARY KEY (order_id, line, placed_at);
CREATE INDEX {table}_product ON shop.{table} (product_id);

-- on payments
ALTER TABLE shop.{table} ADD CONSTRAINT {table}_pkey PRIMARY KEY (order_id, placed_at);

-- on tours
ALTER TABLE shop.{table} ADD CONSTRAINT {table}_pkey PRIMARY KEY (id);
CREATE INDEX {table}_day ON shop.{table} (day, hub_id);

-- on deliveries
ALTER TABLE shop.{table} ADD CONSTRAINT {table}_pkey PRIMARY KEY (order_id, placed_at);
CREATE INDEX {table}_tour ON shop.{table} (tour_id);

-- on reviews
ALTER TABLE shop.{table} ADD CONSTRAINT {table}_pkey PRIMARY KEY (id);
CREATE INDEX {table}_product ON shop.{table} (product_id, stars);

-- on events
CREATE INDEX {table}_at ON shop.{table} USING brin (at);
CREATE INDEX {table}_customer ON shop.{table} (customer_id, at) WHERE customer_id IS NOT NULL;
